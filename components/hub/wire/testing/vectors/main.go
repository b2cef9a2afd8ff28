// Writes vectors.json: lists, watch streams and single objects as the API server's own serializers encode them.
//
//	cd images/go/node && go run ../../../components/hub/wire/testing/vectors/main.go > ../../../components/hub/wire/testing/vectors/vectors.json
package main

import (
	"bytes"
	"encoding/json"
	"os"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

type vector struct {
	Name      string `json:"name"`
	MediaType string `json:"mediaType"`
	// The list of all objects.
	List []byte `json:"list"`
	// Each object alone, as a GET answers it.
	Objects [][]byte `json:"objects"`
	// Each as the API server sends it: one frame each.
	Added    [][]byte `json:"added"`
	Modified []byte   `json:"modified"`
	Deleted  []byte   `json:"deleted"`
	Bookmark []byte   `json:"bookmark"`
	// The bookmark that ends the initial events of a WatchList.
	InitialEventsEnd []byte `json:"initialEventsEnd"`
	Expired          []byte `json:"expired"`
	// A Status as the body of an answer.
	NotFound []byte `json:"notFound"`
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func encode(encoder runtime.Encoder, object runtime.Object) []byte {
	var out bytes.Buffer
	if err := encoder.Encode(object, &out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// As watchEncoder of apiserver/pkg/endpoints/handlers does.
func event(info runtime.SerializerInfo, stream, embedded runtime.Encoder, kind watch.EventType, object runtime.Object) []byte {
	raw := runtime.RawExtension{Raw: encode(embedded, object)}
	var out bytes.Buffer
	if err := stream.Encode(&metav1.WatchEvent{Type: string(kind), Object: raw}, info.StreamSerializer.Framer.NewFrameWriter(&out)); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func vectorOf(name, mediaType string, codecs runtime.NegotiatedSerializer, version schema.GroupVersion, list runtime.Object, objects []runtime.Object, bookmark runtime.Object) vector {
	info, ok := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), mediaType)
	if !ok {
		panic(mediaType)
	}
	embedded := codecs.EncoderForVersion(info.Serializer, version)
	// The event itself is always of meta/v1's scheme.
	streams, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), mediaType)
	stream := scheme.Codecs.EncoderForVersion(streams.StreamSerializer.Serializer, corev1.SchemeGroupVersion)
	statuses := scheme.Codecs.EncoderForVersion(streams.Serializer, corev1.SchemeGroupVersion)
	v := vector{Name: name, MediaType: mediaType, List: encode(embedded, list)}
	for _, object := range objects {
		v.Objects = append(v.Objects, encode(embedded, object))
		v.Added = append(v.Added, event(streams, stream, embedded, watch.Added, object))
	}
	v.Modified = event(streams, stream, embedded, watch.Modified, objects[0])
	v.Deleted = event(streams, stream, embedded, watch.Deleted, objects[0])
	accessor := must(meta.Accessor(bookmark))
	accessor.SetResourceVersion("12746")
	v.Bookmark = event(streams, stream, embedded, watch.Bookmark, bookmark)
	accessor.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	v.InitialEventsEnd = event(streams, stream, embedded, watch.Bookmark, bookmark)
	expired := apierrors.NewResourceExpired("too old resource version: 1 (12746)").Status()
	v.Expired = event(streams, stream, statuses, watch.Error, &expired)
	notFound := apierrors.NewNotFound(schema.GroupResource{Group: "discovery.k8s.io", Resource: "endpointslices"}, "absent").Status()
	v.NotFound = encode(statuses, &notFound)
	return v
}

func configMap(namespace, name string, uid types.UID, version string, data map[string]string) corev1.ConfigMap {
	return corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: "6f1c4c6e-0000-4000-8000-00000000000" + uid, ResourceVersion: version, CreationTimestamp: metav1.Unix(1767225600, 0), Annotations: map[string]string{"example.com/text": "zürich \u2028 }]\\\" 東京 😀"}},
		Data:       data,
	}
}

func main() {
	var vectors []vector
	remaining := int64(7)

	maps := []corev1.ConfigMap{
		configMap("default", "first", "1", "12001", map[string]string{"items": `[{"kind":"List","items":[{}]}]`, "quote": `"\`}),
		configMap("kube-system", "second", "2", "12745", nil),
	}
	list := &corev1.ConfigMapList{ListMeta: metav1.ListMeta{ResourceVersion: "12745", Continue: "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", RemainingItemCount: &remaining}, Items: maps}
	objects := []runtime.Object{&maps[0], &maps[1]}
	for _, mediaType := range []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf} {
		vectors = append(vectors, vectorOf("config maps", mediaType, scheme.Codecs, corev1.SchemeGroupVersion, list, objects, &corev1.ConfigMap{}))
	}

	ready := true
	slice := discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "default", GenerateName: "web-", Name: "web-x2x4z", UID: "0f1c4c6e-0000-4000-8000-000000000009", ResourceVersion: "9007199254740993", Labels: map[string]string{"kubernetes.io/service-name": "web"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.244.1.7"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
	}
	for _, mediaType := range []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf} {
		vectors = append(vectors, vectorOf("endpoint slices", mediaType, scheme.Codecs, discoveryv1.SchemeGroupVersion, &discoveryv1.EndpointSliceList{ListMeta: metav1.ListMeta{ResourceVersion: "9007199254740993"}, Items: []discoveryv1.EndpointSlice{slice}}, []runtime.Object{&slice}, &discoveryv1.EndpointSlice{}))
	}

	// What the API server makes of `as=PartialObjectMetadata`.
	metaScheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(metaScheme); err != nil {
		panic(err)
	}
	metaCodecs := serializer.NewCodecFactory(metaScheme).WithoutConversion()
	partial := meta.AsPartialObjectMetadata(&maps[0])
	partial.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata"))
	for _, mediaType := range []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf} {
		bookmark := &metav1.PartialObjectMetadata{}
		bookmark.SetGroupVersionKind(partial.GroupVersionKind())
		all := &metav1.PartialObjectMetadataList{ListMeta: metav1.ListMeta{ResourceVersion: "12745"}, Items: []metav1.PartialObjectMetadata{*partial}}
		all.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("PartialObjectMetadataList"))
		vectors = append(vectors, vectorOf("metadata of config maps", mediaType, metaCodecs, metav1.SchemeGroupVersion, all, []runtime.Object{partial}, bookmark))
	}

	// A custom resource: no Go type, so its keys are sorted, and items of a list have their kind.
	version := schema.GroupVersion{Group: "example.com", Version: "v1"}
	widget := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget",
		"metadata": map[string]any{"namespace": "default", "name": "large", "uid": "0f1c4c6e-0000-4000-8000-00000000000a", "resourceVersion": "12700"},
		"spec":     map[string]any{"count": int64(9007199254740993), "zero": int64(0), "items": []any{map[string]any{"a": "]}"}}},
	}}
	widgets := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "WidgetList", "metadata": map[string]any{"resourceVersion": "12745", "continue": ""}}, Items: []unstructured.Unstructured{*widget}}
	bookmark := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"creationTimestamp": nil}}}
	vectors = append(vectors, vectorOf("widgets", runtime.ContentTypeJSON, scheme.Codecs.WithoutConversion(), version, widgets, []runtime.Object{widget}, bookmark))

	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	if err := out.Encode(vectors); err != nil {
		panic(err)
	}
}
