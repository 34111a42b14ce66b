// Psa judges pods by the Pod Security admission library that the API server itself uses.
//
// It reads one JSON object a line on standard input and writes one a line, in the same order:
//
//	{"pod": {"metadata": {...}, "spec": {...}}, "at": [["restricted", "v1.24"], ...]}
//	{"verdicts": [{"allowed": false, "reasons": ["privileged"], "details": ["container ..."]}, ...]}
//
//	{"pod": {...}, "level": "baseline", "version": "latest"}
//	{"allowed": true, "reasons": [], "details": []}
//
// A line that does not decode, holds an unknown or a duplicate field, or names no known level or
// version is answered by {"error": "..."}: a misspelt field must never pass for an unset one.
//
// The pod is judged as written. Defaulting is the API server's work, done before admission.
//
// With -version it prints the version of the library and exits.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	kjson "sigs.k8s.io/json"
)

const library = "k8s.io/pod-security-admission"

// chunkLines bounds the lines that one goroutine judges at a turn.
const chunkLines = 128

type request struct {
	Pod     pod         `json:"pod"`
	Level   string      `json:"level,omitempty"`
	Version string      `json:"version,omitempty"`
	At      [][2]string `json:"at,omitempty"`
}

// pod takes apiVersion, kind and status as well, so that a whole object can be sent as it is.
type pod struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              corev1.PodSpec   `json:"spec"`
	Status            corev1.PodStatus `json:"status"`
}

type verdict struct {
	Allowed bool     `json:"allowed"`
	Reasons []string `json:"reasons"`
	Details []string `json:"details"`
}

type batch struct {
	Verdicts []verdict `json:"verdicts"`
}

type failure struct {
	Error string `json:"error"`
}

// judge answers one line; what it returns is marshalled as the answer.
func judge(evaluator policy.Evaluator, line []byte) any {
	var r request
	strict, err := kjson.UnmarshalStrict(line, &r)
	if err == nil {
		err = errors.Join(strict...)
	}
	if err != nil {
		return failure{err.Error()}
	}
	single := len(r.At) == 0
	if single {
		r.At = [][2]string{{r.Level, r.Version}}
	} else if r.Level != "" || r.Version != "" {
		return failure{"\"at\" excludes \"level\" and \"version\""}
	}
	verdicts := make([]verdict, len(r.At))
	for i, at := range r.At {
		lv, err := parse(at[0], at[1])
		if err != nil {
			return failure{err.Error()}
		}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(lv, &r.Pod.ObjectMeta, &r.Pod.Spec))
		verdicts[i] = verdict{result.Allowed, orEmpty(result.ForbiddenReasons), orEmpty(result.ForbiddenDetails)}
	}
	if single {
		return verdicts[0]
	}
	return batch{verdicts}
}

func parse(level, version string) (api.LevelVersion, error) {
	l, err := api.ParseLevel(level)
	if err != nil {
		return api.LevelVersion{}, fmt.Errorf("level %q: %w", level, err)
	}
	v, err := api.ParseVersion(version)
	if err != nil {
		return api.LevelVersion{}, fmt.Errorf("version %q: %w", version, err)
	}
	return api.LevelVersion{Level: l, Version: v}, nil
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// serve judges in parallel and answers in order.
//
// A chunk is closed when it is full or when no more input is waiting, so that a single request is
// answered at once and a stream of them is judged by all cores.
func serve(evaluator policy.Evaluator, in io.Reader, out io.Writer) error {
	order := make(chan chan []byte, 4*runtime.NumCPU())
	written := make(chan error, 1)
	go func() {
		var err error
		for answers := range order {
			data := <-answers
			if err == nil {
				_, err = out.Write(data)
			}
		}
		written <- err
	}()
	reader := bufio.NewReaderSize(in, 1<<20)
	var chunk [][]byte
	flush := func() {
		if len(chunk) == 0 {
			return
		}
		lines, answers := chunk, make(chan []byte, 1)
		chunk = nil
		order <- answers
		go func() { answers <- judgeAll(evaluator, lines) }()
	}
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			chunk = append(chunk, line)
		}
		if len(chunk) >= chunkLines || reader.Buffered() == 0 || err != nil {
			flush()
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	close(order)
	return <-written
}

func judgeAll(evaluator policy.Evaluator, lines [][]byte) []byte {
	var out []byte
	for _, line := range lines {
		data, err := json.Marshal(judge(evaluator, line))
		if err != nil {
			panic(err) // strings and booleans always marshal
		}
		out = append(append(out, data...), '\n')
	}
	return out
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == library {
				return dep.Version
			}
		}
	}
	return "unknown"
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-version" {
		fmt.Println(version())
		return
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err == nil {
		err = serve(evaluator, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "psa:", err)
		os.Exit(1)
	}
}
