// Command yaml says how kubectl reads a text.
//
// It reads a JSON list of texts on stdin and prints one JSON line for each: the documents that
// kubectl's decoder yields (as the API server would receive them) and, if it stops, its error.
// With the argument `versions` it prints the versions of the modules that decide.
package main

import (
	"bufio"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// bufferSize is what kubectl's builder passes (cli-runtime, resource.StreamVisitor).
const bufferSize = 4096

type verdict struct {
	Values []string `json:"values"` // each as JSON text, so that no digit of a number is lost
	Error  *string  `json:"error"`
}

// read does as cli-runtime's StreamVisitor: decode to raw JSON, skip nulls, decode as unstructured.
func read(text string) (out verdict) {
	out.Values = []string{}
	fail := func(message string) { out.Error = &message }
	defer func() {
		if r := recover(); r != nil {
			fail(fmt.Sprint("panic: ", r))
		}
	}()
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), bufferSize)
	for {
		var raw stdjson.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			if !errors.Is(err, io.EOF) {
				fail(err.Error())
			}
			return out
		}
		if len(raw) == 0 || string(raw) == "null" {
			continue
		}
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			fail(err.Error())
			return out
		}
		plain, err := json.Marshal(value)
		if err != nil {
			fail(err.Error())
			return out
		}
		out.Values = append(out.Values, string(plain))
	}
}

func versions() map[string]string {
	found := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			switch module.Path {
			case "k8s.io/apimachinery", "sigs.k8s.io/yaml", "go.yaml.in/yaml/v2", "sigs.k8s.io/json":
				found[module.Path] = module.Version
			}
		}
	}
	return found
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := stdjson.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if len(os.Args) > 1 && os.Args[1] == "versions" {
		_ = encoder.Encode(versions())
		return
	}
	var texts []string
	if err := stdjson.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, text := range texts {
		if err := encoder.Encode(read(text)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
}
