// crictl's calls that roles and kubeadm make, over the real CRI (v1alpha2): crictl itself can't be had from Debian. Built
// in the source tree of Kubernetes, whose vendor folder has the client.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/template"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
)

const configFile = "/etc/crictl.yaml"

// Words of one command: `ps -q --name x ID` has flags q and name, and the argument ID.
type words struct {
	flags map[string]string
	args  []string
}

var short = map[string]string{
	"a": "all", "f": "force", "i": "image-endpoint", "o": "output", "p": "pod", "q": "quiet",
	"r": "runtime-endpoint", "s": "state", "t": "timeout",
}

var switches = map[string]bool{"all": true, "force": true, "quiet": true, "no-trunc": true, "sync": true}

// Flags stand before the first argument, as with crictl: what follows an ID is a command of the container.
func parse(list []string) words {
	found := words{flags: map[string]string{}}
	for len(list) > 0 && strings.HasPrefix(list[0], "-") && len(list[0]) > 1 {
		name, value, inline := strings.Cut(strings.TrimLeft(list[0], "-"), "=")
		list = list[1:]
		if long, known := short[name]; known {
			name = long
		}
		if !switches[name] && !inline && len(list) > 0 {
			value, list = list[0], list[1:]
		}
		if name == "label" && found.flags[name] != "" {
			value = found.flags[name] + "\n" + value
		}
		found.flags[name] = value
	}
	found.args = list
	return found
}

func (w words) is(name string) bool { _, there := w.flags[name]; return there }

func (w words) labels() map[string]string {
	labels := map[string]string{}
	for _, pair := range strings.Fields(w.flags["label"]) {
		key, value, _ := strings.Cut(pair, "=")
		labels[key] = value
	}
	return labels
}

type client struct {
	runtime cri.RuntimeServiceClient
	images  cri.ImageServiceClient
}

func main() {
	global := parse(os.Args[1:])
	if len(global.args) == 0 {
		fail(errors.New("a command is expected"))
	}
	timeout := 10 * time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	target := strings.TrimPrefix(endpoint(global), "unix://")
	dialed, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	connection, err := grpc.DialContext(dialed, "unix://"+target, grpc.WithInsecure(), grpc.WithBlock())
	if err != nil {
		fail(fmt.Errorf("connect endpoint %s: %w", target, err))
	}
	c := client{cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection)}
	command, known := commands[global.args[0]]
	if !known {
		fail(fmt.Errorf("the lab's stand-in for crictl has no command %s", global.args[0]))
	}
	if err := command(ctx, c, parse(global.args[1:])); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "FATA[0000] %v\n", err)
	os.Exit(1)
}

func endpoint(global words) string {
	if named := global.flags["runtime-endpoint"]; named != "" {
		return named
	}
	if named := os.Getenv("CONTAINER_RUNTIME_ENDPOINT"); named != "" {
		return named
	}
	text, _ := os.ReadFile(configFile)
	for _, line := range strings.Split(string(text), "\n") {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "runtime-endpoint" {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return "unix:///run/containerd/containerd.sock"
}

var commands = map[string]func(context.Context, client, words) error{
	"version": func(ctx context.Context, c client, _ words) error {
		answer, err := c.runtime.Version(ctx, &cri.VersionRequest{})
		return print(answer, err)
	},
	"info": func(ctx context.Context, c client, _ words) error {
		answer, err := c.runtime.Status(ctx, &cri.StatusRequest{})
		return print(answer, err)
	},
	"pods":     pods,
	"ps":       containers,
	"inspect":  inspect,
	"inspecti": inspectImage,
	"images": func(ctx context.Context, c client, w words) error {
		answer, err := c.images.ListImages(ctx, &cri.ListImagesRequest{})
		if err != nil || w.flags["output"] == "json" {
			return print(answer, err)
		}
		for _, image := range answer.Images {
			if w.is("quiet") {
				fmt.Println(image.Id)
			} else {
				fmt.Println(strings.Join(append(image.RepoTags, image.Id), " "))
			}
		}
		return nil
	},
	"pull": func(ctx context.Context, c client, w words) error {
		return each(w.args, func(name string) error {
			_, err := c.images.PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: name}})
			return err
		})
	},
	"stop": func(ctx context.Context, c client, w words) error {
		seconds, _ := strconv.ParseInt(w.flags["timeout"], 10, 64)
		return each(w.args, func(id string) error {
			_, err := c.runtime.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: id, Timeout: seconds})
			return err
		})
	},
	"rm": func(ctx context.Context, c client, w words) error {
		return each(w.args, func(id string) error {
			_, err := c.runtime.RemoveContainer(ctx, &cri.RemoveContainerRequest{ContainerId: id})
			return err
		})
	},
	"stopp": func(ctx context.Context, c client, w words) error { return each(w.args, stopPod(ctx, c)) },
	"rmp": func(ctx context.Context, c client, w words) error {
		return each(w.args, func(id string) error {
			if w.is("force") {
				if err := stopPod(ctx, c)(id); err != nil {
					return err
				}
			}
			_, err := c.runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id})
			return err
		})
	},
	"exec": func(ctx context.Context, c client, w words) error {
		if len(w.args) < 2 {
			return errors.New("exec takes a container and a command")
		}
		answer, err := c.runtime.ExecSync(ctx, &cri.ExecSyncRequest{ContainerId: w.args[0], Cmd: w.args[1:]})
		if err != nil {
			return err
		}
		os.Stdout.Write(answer.Stdout)
		os.Stderr.Write(answer.Stderr)
		if answer.ExitCode != 0 {
			os.Exit(int(answer.ExitCode))
		}
		return nil
	},
	"logs": logs,
}

func stopPod(ctx context.Context, c client) func(string) error {
	return func(id string) error {
		_, err := c.runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id})
		return err
	}
}

func pods(ctx context.Context, c client, w words) error {
	filter := &cri.PodSandboxFilter{LabelSelector: w.labels()}
	if state := w.flags["state"]; state != "" {
		value := cri.PodSandboxState_SANDBOX_NOTREADY
		if strings.EqualFold(state, "ready") {
			value = cri.PodSandboxState_SANDBOX_READY
		}
		filter.State = &cri.PodSandboxStateValue{State: value}
	}
	answer, err := c.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{Filter: filter})
	if err != nil {
		return err
	}
	found := []*cri.PodSandbox{}
	for _, pod := range answer.Items {
		if matches(w.flags["name"], pod.Metadata.Name) && matches(w.flags["namespace"], pod.Metadata.Namespace) {
			found = append(found, pod)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].CreatedAt > found[j].CreatedAt })
	if w.flags["output"] == "json" {
		return print(map[string]interface{}{"items": found}, nil)
	}
	for _, pod := range found {
		if w.is("quiet") {
			fmt.Println(pod.Id)
		} else {
			fmt.Println(pod.Id[:13], pod.State, pod.Metadata.Name, pod.Metadata.Namespace, pod.Metadata.Attempt)
		}
	}
	return nil
}

func containers(ctx context.Context, c client, w words) error {
	filter := &cri.ContainerFilter{LabelSelector: w.labels(), PodSandboxId: w.flags["pod"]}
	if !w.is("all") {
		filter.State = &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING}
	}
	answer, err := c.runtime.ListContainers(ctx, &cri.ListContainersRequest{Filter: filter})
	if err != nil {
		return err
	}
	found := []*cri.Container{}
	for _, one := range answer.Containers {
		if matches(w.flags["name"], one.Metadata.Name) {
			found = append(found, one)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].CreatedAt > found[j].CreatedAt })
	if w.flags["output"] == "json" {
		return print(map[string]interface{}{"containers": found}, nil)
	}
	for _, one := range found {
		if w.is("quiet") {
			fmt.Println(one.Id)
		} else {
			fmt.Println(one.Id[:13], one.State, one.Metadata.Name, one.Metadata.Attempt, one.Labels["io.kubernetes.pod.name"])
		}
	}
	return nil
}

func inspect(ctx context.Context, c client, w words) error {
	return each(w.args, func(id string) error {
		answer, err := c.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id, Verbose: true})
		if err != nil {
			return err
		}
		var info map[string]interface{}
		if err := json.Unmarshal([]byte(answer.Info["info"]), &info); err != nil {
			return err
		}
		all := map[string]interface{}{"status": answer.Status, "info": info}
		if w.flags["output"] != "go-template" {
			return print(all, nil)
		}
		text, err := template.New("inspect").Parse(w.flags["template"])
		if err != nil {
			return err
		}
		if err := text.Execute(os.Stdout, all); err != nil {
			return err
		}
		fmt.Println()
		return nil
	})
}

func inspectImage(ctx context.Context, c client, w words) error {
	return each(w.args, func(name string) error {
		answer, err := c.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}})
		if err == nil && answer.Image == nil {
			err = fmt.Errorf("no such image %q present", name)
		}
		if err != nil || w.is("quiet") {
			return err
		}
		return print(map[string]interface{}{"status": answer.Image}, nil)
	})
}

func logs(ctx context.Context, c client, w words) error {
	return each(w.args, func(id string) error {
		answer, err := c.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
		if err != nil {
			return err
		}
		file, err := os.Open(answer.Status.LogPath)
		if err != nil {
			return err
		}
		defer file.Close()
		lines := []string{}
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			// time, stream, tag, text
			if parts := strings.SplitN(scanner.Text(), " ", 4); len(parts) == 4 {
				lines = append(lines, parts[3])
			}
		}
		if tail, err := strconv.Atoi(w.flags["tail"]); err == nil && tail < len(lines) {
			lines = lines[len(lines)-tail:]
		}
		for _, line := range lines {
			fmt.Println(line)
		}
		return nil
	})
}

func matches(pattern, text string) bool {
	found, err := regexp.MatchString(pattern, text)
	return err == nil && found
}

func each(list []string, do func(string) error) error {
	if len(list) == 0 {
		return errors.New("an ID or a name is expected")
	}
	for _, one := range list {
		if err := do(one); err != nil {
			return err
		}
	}
	return nil
}

func print(value interface{}, err error) error {
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		fmt.Println(string(text))
	}
	return err
}
