// The CNI plugin "flannel": it reads what flanneld wrote about this node's subnet and hands over to "bridge"
// with "host-local". Where flanneld has not written yet, ADD fails and the kubelet tries again, as upstream.
//
// CNI specification 1.0.0, sections 2 (execution protocol) and 4 (delegation).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"
)

const defaultSubnetFile = "/run/flannel/subnet.env"

// DEL must undo what ADD did, also when the subnet file is gone: ADD's delegate configuration is kept here.
const stateDir = "/var/lib/cni/flannel"

type config struct {
	types.NetConf
	SubnetFile string         `json:"subnetFile"`
	Delegate   map[string]any `json:"delegate"`
}

type subnet struct {
	network, node string
	mtu           int
	masquerade    bool
}

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: del, Check: check}, version.All, "flannel: this node's subnet, by bridge and host-local")
}

func parse(args *skel.CmdArgs) (*config, error) {
	conf := &config{SubnetFile: defaultSubnetFile}
	if err := json.Unmarshal(args.StdinData, conf); err != nil {
		return nil, types.NewError(types.ErrDecodingFailure, "network configuration is not valid JSON", err.Error())
	}
	return conf, nil
}

func readSubnet(path string) (*subnet, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, types.NewError(types.ErrTryAgainLater, "flanneld has not written this node's subnet yet", err.Error())
	}
	defer file.Close()
	found := &subnet{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch key {
		case "FLANNEL_NETWORK":
			found.network = value
		case "FLANNEL_SUBNET":
			// flanneld writes this node's first address with the prefix; host-local wants the network.
			_, network, err := net.ParseCIDR(value)
			if err != nil {
				return nil, types.NewError(types.ErrDecodingFailure, "FLANNEL_SUBNET is not a subnet", value)
			}
			found.node = network.String()
		case "FLANNEL_MTU":
			if found.mtu, err = strconv.Atoi(value); err != nil {
				return nil, types.NewError(types.ErrDecodingFailure, "FLANNEL_MTU is not a number", value)
			}
		case "FLANNEL_IPMASQ":
			found.masquerade = value == "true"
		}
	}
	if found.network == "" || found.node == "" || found.mtu == 0 {
		return nil, types.NewError(types.ErrTryAgainLater, "the subnet file is not complete", path)
	}
	return found, nil
}

func delegateOf(conf *config, node *subnet) ([]byte, error) {
	delegate := map[string]any{"type": "bridge", "isGateway": true}
	for key, value := range conf.Delegate {
		delegate[key] = value
	}
	delegate["name"] = conf.Name
	delegate["cniVersion"] = conf.CNIVersion
	delegate["mtu"] = node.mtu
	// Either flanneld masquerades or the bridge does, never both.
	delegate["ipMasq"] = !node.masquerade
	delegate["ipam"] = map[string]any{
		"type":   "host-local",
		"ranges": [][]map[string]any{{{"subnet": node.node}}},
		"routes": []map[string]any{{"dst": node.network}},
	}
	return json.Marshal(delegate)
}

func statePath(args *skel.CmdArgs) string { return filepath.Join(stateDir, args.ContainerID) }

func add(args *skel.CmdArgs) error {
	conf, err := parse(args)
	if err != nil {
		return err
	}
	node, err := readSubnet(conf.SubnetFile)
	if err != nil {
		return err
	}
	delegate, err := delegateOf(conf, node)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(statePath(args), delegate, 0o600); err != nil {
		return err
	}
	result, err := invoke.DelegateAdd(context.Background(), "bridge", delegate, nil)
	if err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	return types.PrintResult(result, conf.CNIVersion)
}

func del(args *skel.CmdArgs) error {
	delegate, err := os.ReadFile(statePath(args))
	if os.IsNotExist(err) {
		return nil // never added, or deleted before: DEL succeeds (CNI specification, "DEL")
	}
	if err != nil {
		return err
	}
	if err := invoke.DelegateDel(context.Background(), "bridge", delegate, nil); err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	if err := os.Remove(statePath(args)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func check(args *skel.CmdArgs) error {
	conf, err := parse(args)
	if err != nil {
		return err
	}
	delegate, err := os.ReadFile(statePath(args))
	if err != nil {
		return types.NewError(types.ErrUnknownContainer, "this container was not added here", err.Error())
	}
	// The bridge plugin's CHECK compares with what ADD printed, which the runtime passes to us.
	var withResult map[string]any
	if err := json.Unmarshal(delegate, &withResult); err != nil {
		return err
	}
	withResult["prevResult"] = conf.RawPrevResult
	if delegate, err = json.Marshal(withResult); err != nil {
		return err
	}
	return invoke.DelegateCheck(context.Background(), "bridge", delegate, nil)
}
