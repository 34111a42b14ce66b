// Cel compiles the expressions of policies as the API server of one minor does when it is given them.
//
// It reads one JSON object a line on standard input and writes one a line, in the same order:
//
//	{"minor": 30, "policy": {"apiVersion": ..., "kind": "ValidatingAdmissionPolicy", ...}}
//	{"expressions": 24, "errors": [{"at": "spec.variables[3].expression", "error": "..."}]}
//
// The minor is that of the CEL environment. An API server compiles expressions that it has not
// stored yet in the environment of the minor before its own, so that it can be rolled back
// (environment.DefaultCompatibilityVersion): 1.30 takes what compiles at 29.
//
// A line that does not decode, or holds an unknown or a duplicate field, is answered by
// {"error": "..."}.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	celgo "github.com/google/cel-go/cel"
	v1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	kjson "sigs.k8s.io/json"
)

type request struct {
	Minor  uint                         `json:"minor"`
	Policy v1.ValidatingAdmissionPolicy `json:"policy"`
}

type mistake struct {
	At    string `json:"at"`
	Error string `json:"error"`
}

type answer struct {
	Expressions int       `json:"expressions"`
	Errors      []mistake `json:"errors"`
}

type failure struct {
	Error string `json:"error"`
}

// expression is what the API server's own accessors are (pkg/admission/plugin/policy/validating,
// pkg/admission/plugin/webhook/matchconditions), which would bring all of the server along.
type expression struct {
	name, text string
	types      []*celgo.Type
}

func (e expression) GetName() string            { return e.name }
func (e expression) GetExpression() string      { return e.text }
func (e expression) ReturnTypes() []*celgo.Type { return e.types }

// The types of a verdict, of a message, of an audit annotation and of a variable.
var (
	verdict  = []*celgo.Type{celgo.BoolType}
	message  = []*celgo.Type{celgo.StringType}
	noted    = []*celgo.Type{celgo.StringType, celgo.NullType}
	whatever = []*celgo.Type{celgo.AnyType, celgo.DynType}
)

// judge answers one line; what it returns is marshalled as the answer.
func judge(line []byte) any {
	var r request
	strict, err := kjson.UnmarshalStrict(line, &r)
	if err == nil {
		err = errors.Join(strict...)
	}
	if err != nil {
		return failure{err.Error()}
	}
	found, err := compile(r.Minor, &r.Policy.Spec)
	if err != nil {
		return failure{err.Error()}
	}
	return found
}

// compile does as validateValidatingAdmissionPolicySpec of k8s.io/kubernetes with a new policy
// (pkg/apis/admissionregistration/validation): that validation alone uses NewExpressions. The
// admission plugin compiles what is stored, by StoredExpressions, which hold every library.
func compile(minor uint, spec *v1.ValidatingAdmissionPolicySpec) (answer, error) {
	base := environment.MustBaseEnvSet(version.MajorMinor(1, minor))
	// Match conditions know no variables.
	stateless := cel.NewCompiler(base)
	composited, err := cel.NewCompositedCompiler(base)
	if err != nil {
		return answer{}, err
	}
	declared := cel.OptionalVariableDeclarations{HasParams: spec.ParamKind != nil, HasAuthorizer: true}
	inMessage := cel.OptionalVariableDeclarations{HasParams: spec.ParamKind != nil}
	out := answer{Errors: []mistake{}}
	record := func(at *field.Path, result cel.CompilationResult) {
		out.Expressions++
		if result.Error != nil {
			out.Errors = append(out.Errors, mistake{at.String(), result.Error.Error()})
		}
	}
	at := field.NewPath("spec")
	check := func(at *field.Path, compiler cel.Compiler, known cel.OptionalVariableDeclarations,
		text string, types []*celgo.Type) {
		accessor := expression{text: text, types: types}
		record(at, compiler.CompileCELExpression(accessor, known, environment.NewExpressions))
	}
	for i, each := range spec.MatchConditions {
		place := at.Child("matchConditions").Index(i).Child("expression")
		check(place, stateless, declared, strings.TrimSpace(each.Expression), verdict)
	}
	for i, each := range spec.Variables {
		place := at.Child("variables").Index(i).Child("expression")
		accessor := expression{each.Name, each.Expression, whatever}
		record(place, composited.CompileAndStoreVariable(accessor, declared, environment.NewExpressions))
	}
	for i, each := range spec.Validations {
		place := at.Child("validations").Index(i)
		check(place.Child("expression"), composited, declared, each.Expression, verdict)
		if each.MessageExpression != "" {
			check(place.Child("messageExpression"), composited, inMessage, each.MessageExpression, message)
		}
	}
	for i, each := range spec.AuditAnnotations {
		place := at.Child("auditAnnotations").Index(i).Child("valueExpression")
		check(place, composited, declared, strings.TrimSpace(each.ValueExpression), noted)
	}
	return out, nil
}

// serve judges in parallel and answers in order.
func serve(in io.Reader, out io.Writer) error {
	order := make(chan chan any, runtime.NumCPU())
	var broken error
	go func() {
		defer close(order)
		reader := bufio.NewReader(in)
		for {
			line, err := reader.ReadBytes('\n')
			if len(line) > 0 {
				answer := make(chan any, 1)
				order <- answer
				go func() { answer <- judge(line) }()
			}
			if err != nil {
				if err != io.EOF {
					broken = err
				}
				return
			}
		}
	}()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for answer := range order {
		if err := encoder.Encode(<-answer); err != nil {
			return err
		}
	}
	return broken
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cel:", err)
		os.Exit(1)
	}
}
