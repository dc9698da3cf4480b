// Applies MutatingAdmissionPolicies to objects with the code of kube-apiserver, and prints the mutated objects.
//
// Input on standard input: {"policies": [...], "objects": [{"resource": "pods", "subresource": "", "object": {...}}]}
// Output: {"objects": [...]}, each object after all policies whose rules name its resource.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	apiservercel "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

// Set by the build.
var version = "unknown"

type request struct {
	Resource    string         `json:"resource"`
	Subresource string         `json:"subresource"`
	Object      map[string]any `json:"object"`
}

type input struct {
	Policies []admissionregistration.MutatingAdmissionPolicy `json:"policies"`
	Objects  []request                                       `json:"objects"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("image-ferry-consumer policies", version)
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	decoder := json.NewDecoder(os.Stdin)
	// A misspelled field of a policy must not be ignored.
	decoder.DisallowUnknownFields()
	var given input
	if err := decoder.Decode(&given); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	converter := applyconfigurations.NewTypeConverter(scheme.Scheme)
	mutated := []any{}
	for _, asked := range given.Objects {
		object := &unstructured.Unstructured{Object: asked.Object}
		for _, policy := range given.Policies {
			if !concerns(policy, asked) {
				continue
			}
			result, err := apply(policy, asked, object, converter)
			if err != nil {
				return fmt.Errorf("policy %s on %s %s: %w", policy.Name, object.GetKind(), object.GetName(), err)
			}
			object = result
		}
		mutated = append(mutated, object.Object)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"objects": mutated})
}

func concerns(policy admissionregistration.MutatingAdmissionPolicy, asked request) bool {
	name := asked.Resource
	if asked.Subresource != "" {
		name += "/" + asked.Subresource
	}
	return slices.ContainsFunc(policy.Spec.MatchConstraints.ResourceRules, func(rule admissionregistration.NamedRuleWithOperations) bool {
		return slices.Contains(rule.Resources, name)
	})
}

func apply(
	policy admissionregistration.MutatingAdmissionPolicy,
	asked request,
	object *unstructured.Unstructured,
	converter managedfields.TypeConverter,
) (*unstructured.Unstructured, error) {
	options := cel.OptionalVariableDeclarations{HasParams: policy.Spec.ParamKind != nil, HasAuthorizer: true}
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return nil, err
	}
	variables := []cel.NamedExpressionAccessor{}
	for _, variable := range policy.Spec.Variables {
		variables = append(variables, &validating.Variable{Name: variable.Name, Expression: variable.Expression})
	}
	compiler.CompileAndStoreVariables(variables, options, environment.NewExpressions)
	options.HasPatchTypes = true
	kind := object.GroupVersionKind()
	resource := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: asked.Resource}
	for _, mutation := range policy.Spec.Mutations {
		if mutation.ApplyConfiguration == nil {
			return nil, fmt.Errorf("patch type %s is not known here", mutation.PatchType)
		}
		condition := &patch.ApplyConfigurationCondition{Expression: mutation.ApplyConfiguration.Expression}
		patcher := patch.NewApplyConfigurationPatcher(compiler.CompileMutatingEvaluator(condition, options, environment.NewExpressions))
		attributes := admission.NewAttributesRecord(object, nil, kind, object.GetNamespace(), object.GetName(), resource,
			asked.Subresource, admission.Create, nil, false, &user.DefaultInfo{Name: "test"})
		versioned, err := admission.NewVersionedAttributes(attributes, kind, admission.NewObjectInterfacesFromScheme(scheme.Scheme))
		if err != nil {
			return nil, err
		}
		patched, err := patcher.Patch(compiler.CreateContext(context.Background()), patch.Request{
			MatchedResource:     resource,
			VersionedAttributes: versioned,
			ObjectInterfaces:    admission.NewObjectInterfacesFromScheme(scheme.Scheme),
			TypeConverter:       converter,
		}, apiservercel.RuntimeCELCostBudget)
		if err != nil {
			return nil, err
		}
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(patched)
		if err != nil {
			return nil, err
		}
		object = &unstructured.Unstructured{Object: fields}
		object.SetGroupVersionKind(kind)
	}
	return object, nil
}
