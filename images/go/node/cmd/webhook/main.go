// An admission webhook for features: it allows everything, and marks what it saw by an annotation, so that whoever made the
// object can tell that the API server has reached it (Kubernetes' admission.k8s.io/v1, AdmissionReview).
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	annotation = "edgeproof.dev/webhook"
	value      = "seen"
	// The API server's own limit for an object is 3 MiB; a review holds the old one and the new one.
	maxReview = 8 << 20
)

type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *request  `json:"request,omitempty"`
	Response   *response `json:"response,omitempty"`
}

type request struct {
	UID    string `json:"uid"`
	Object *struct {
		Metadata struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	} `json:"object"`
}

type response struct {
	UID       string `json:"uid"`
	Allowed   bool   `json:"allowed"`
	PatchType string `json:"patchType,omitempty"`
	Patch     []byte `json:"patch,omitempty"` // base64 in JSON
}

// RFC 6902.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func mark(asked *request) (*response, error) {
	answer := &response{UID: asked.UID, Allowed: true}
	if asked.Object == nil {
		return answer, nil // a deletion
	}
	operations := []operation{}
	if asked.Object.Metadata.Annotations == nil {
		operations = append(operations, operation{"add", "/metadata/annotations", map[string]string{}})
	}
	key := strings.ReplaceAll(annotation, "/", "~1")
	patch, err := json.Marshal(append(operations, operation{"add", "/metadata/annotations/" + key, value}))
	if err != nil {
		return nil, err
	}
	answer.PatchType, answer.Patch = "JSONPatch", patch
	return answer, nil
}

func admit(out http.ResponseWriter, in *http.Request) {
	asked := review{}
	if err := json.NewDecoder(http.MaxBytesReader(out, in.Body, maxReview)).Decode(&asked); err != nil || asked.Request == nil {
		http.Error(out, fmt.Sprintf("not an AdmissionReview with a request: %v", err), http.StatusBadRequest)
		return
	}
	answer, err := mark(asked.Request)
	if err != nil {
		http.Error(out, err.Error(), http.StatusInternalServerError)
		return
	}
	out.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(out).Encode(review{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview", Response: answer})
}

func main() {
	listen := flag.String("listen", ":8443", "address")
	certificate := flag.String("cert", "", "file with the server's certificate (PEM)")
	key := flag.String("key", "", "file with its private key (PEM)")
	flag.Parse()

	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) { fmt.Fprintln(out, "ok") })
	routes.HandleFunc("POST /", admit)
	server := &http.Server{
		Addr:              *listen,
		Handler:           routes,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServeTLS(*certificate, *key); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}
