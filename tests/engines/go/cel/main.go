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
	"strings"

	v1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
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

// stateless holds a compiler for each minor. It knows no variables, and so no policy.
var stateless = map[uint]cel.Compiler{}

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
	if stateless[minor] == nil {
		stateless[minor] = cel.NewCompiler(base)
	}
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
	for i, each := range spec.MatchConditions {
		each.Expression = strings.TrimSpace(each.Expression)
		record(
			at.Child("matchConditions").Index(i).Child("expression"),
			stateless[minor].CompileCELExpression(
				(*matchconditions.MatchCondition)(&each), declared, environment.NewExpressions),
		)
	}
	for i, each := range spec.Variables {
		record(
			at.Child("variables").Index(i).Child("expression"),
			composited.CompileAndStoreVariable(
				&validating.Variable{Name: each.Name, Expression: each.Expression},
				declared, environment.NewExpressions),
		)
	}
	for i, each := range spec.Validations {
		place := at.Child("validations").Index(i)
		record(
			place.Child("expression"),
			composited.CompileCELExpression(
				&validating.ValidationCondition{Expression: each.Expression},
				declared, environment.NewExpressions),
		)
		if each.MessageExpression != "" {
			record(
				place.Child("messageExpression"),
				composited.CompileCELExpression(
					&validating.MessageExpressionCondition{MessageExpression: each.MessageExpression},
					inMessage, environment.NewExpressions),
			)
		}
	}
	for i, each := range spec.AuditAnnotations {
		record(
			at.Child("auditAnnotations").Index(i).Child("valueExpression"),
			composited.CompileCELExpression(
				&validating.AuditAnnotationCondition{ValueExpression: strings.TrimSpace(each.ValueExpression)},
				declared, environment.NewExpressions),
		)
	}
	return out, nil
}

func serve(in io.Reader, out io.Writer) error {
	reader := bufio.NewReader(in)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			if err := encoder.Encode(judge(line)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cel:", err)
		os.Exit(1)
	}
}
