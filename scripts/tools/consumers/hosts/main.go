// Reads configuration files with the parsers of containerd, Podman and K3s, and prints where they would pull an image from.
//
//	hosts containerd CERTS_D REFERENCE...      containerd's loader of certs.d
//	hosts podman REGISTRIES_CONF REFERENCE...  the parser of Podman, CRI-O, Buildah and Skopeo
//	hosts k3s REGISTRIES_YAML REFERENCE...     the reader of K3s and RKE2; of endpoints only those with http are tried
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rancher/wharfie/pkg/registries"
	"github.com/sirupsen/logrus"
	imagereference "go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"
)

// Set by the build.
var version = "unknown"

// Pull is one place where a consumer looks for an image, in the order of its tries.
type Pull struct {
	// URL of the manifest, for containerd and K3s.
	URL string `json:"url,omitempty"`
	// Reference that is pulled, for Podman.
	Reference string `json:"reference,omitempty"`
	Insecure  bool   `json:"insecure,omitempty"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("image-ferry-consumer hosts", version)
		return
	}
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: %s containerd|podman|k3s PATH REFERENCE", filepath.Base(os.Args[0])))
	}
	read := map[string]func(string, string) ([]Pull, error){
		"containerd": readContainerd, "podman": readPodman, "k3s": readK3s,
	}[os.Args[1]]
	if read == nil {
		fail(fmt.Errorf("unknown consumer %q", os.Args[1]))
	}
	found := map[string][]Pull{}
	for _, image := range os.Args[3:] {
		pulls, err := read(os.Args[2], image)
		if err != nil {
			fail(fmt.Errorf("%s: %w", image, err))
		}
		found[image] = pulls
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
}

func readContainerd(root string, image string) ([]Pull, error) {
	named, err := reference.ParseDockerRef(image)
	if err != nil {
		return nil, err
	}
	hosts := config.ConfigureHosts(context.Background(), config.HostOptions{HostDir: config.HostDirFromRoot(root)})
	resolved, err := hosts(reference.Domain(named))
	if err != nil {
		return nil, err
	}
	pulls := []Pull{}
	for _, host := range resolved {
		if !host.Capabilities.Has(docker.HostCapabilityPull | docker.HostCapabilityResolve) {
			continue
		}
		address := host.Scheme + "://" + host.Host + host.Path + "/" + reference.Path(named)
		pulls = append(pulls, Pull{URL: address + "/manifests/" + tagOf(named), Insecure: host.Scheme == "http"})
	}
	return pulls, nil
}

func tagOf(named reference.Named) string {
	if digested, ok := named.(reference.Digested); ok {
		return digested.Digest().String()
	}
	if tagged, ok := named.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return "latest"
}

func readPodman(path string, image string) ([]Pull, error) {
	named, err := imagereference.ParseDockerRef(image)
	if err != nil {
		return nil, err
	}
	context := &types.SystemContext{
		SystemRegistriesConfPath: path,
		// Only the given file counts, not those of this machine.
		SystemRegistriesConfDirPath: filepath.Join(filepath.Dir(path), "no-such-folder"),
	}
	registry, err := sysregistriesv2.FindRegistry(context, named.String())
	if err != nil {
		return nil, err
	}
	if registry == nil {
		return []Pull{{Reference: named.String()}}, nil
	}
	sources, err := registry.PullSourcesFromReference(named)
	if err != nil {
		return nil, err
	}
	pulls := []Pull{}
	for _, source := range sources {
		pulls = append(pulls, Pull{Reference: source.Reference.String(), Insecure: source.Endpoint.Insecure})
	}
	return pulls, nil
}

func readK3s(path string, image string) ([]Pull, error) {
	logrus.SetLevel(logrus.ErrorLevel)
	named, err := name.ParseReference(image)
	if err != nil {
		return nil, err
	}
	registry, err := registries.GetPrivateRegistries(path)
	if err != nil {
		return nil, err
	}
	// The source is asked last: the context is over by then, so that nothing leaves this machine.
	ctx, cancel := context.WithCancel(context.Background())
	tries := &recorder{over: cancel}
	remote.DefaultTransport = tries
	if _, err = registry.Image(named, remote.WithContext(ctx)); err == nil {
		return nil, fmt.Errorf("an image was found where there is none")
	}
	if len(tries.pulls) == 0 {
		return nil, fmt.Errorf("no mirror was asked: %w", err)
	}
	return tries.pulls, nil
}

// recorder answers for a registry that has no image.
type recorder struct {
	pulls []Pull
	over  func()
}

func (r *recorder) RoundTrip(asked *http.Request) (*http.Response, error) {
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: asked}
	if strings.Contains(asked.URL.Path, "/manifests/") {
		url := *asked.URL
		url.RawQuery = ""
		r.pulls = append(r.pulls, Pull{URL: url.String()})
		answer.StatusCode = http.StatusNotFound
		r.over()
	}
	return answer, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
	os.Exit(1)
}
