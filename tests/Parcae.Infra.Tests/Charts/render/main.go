// Renders a chart as helm does, for machines without helm: the same template engine (text/template), the same library of functions (sprig), and the functions that helm adds. It knows no subcharts and no hooks, and of a
// cluster only what it is told.
//
//	render CHART RELEASE NAMESPACE [VALUES.yaml...]
//	CLUSTER=OBJECTS.yaml     secrets that are in the cluster already, by name
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type files map[string][]byte

func (f files) Get(name string) string { return string(f[name]) }

func (f files) Glob(pattern string) files {
	found := files{}
	for name, content := range f {
		if matched, _ := path.Match(pattern, name); matched {
			found[name] = content
		}
	}
	return found
}

// A chart has no value for what is null, as in helm.
func merge(into, from map[string]interface{}) {
	for key, value := range from {
		if value == nil {
			delete(into, key)
			continue
		}
		inner, isMap := value.(map[string]interface{})
		known, wasMap := into[key].(map[string]interface{})
		if isMap && wasMap {
			merge(known, inner)
		} else {
			into[key] = value
		}
	}
}

func read(file string) map[string]interface{} {
	content, err := os.ReadFile(file)
	check(err)
	values := map[string]interface{}{}
	check(yaml.Unmarshal(content, &values))
	return values
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// Every file below a folder by its path in it; links are followed, as helm does.
func walk(root, prefix string, found files) {
	entries, err := os.ReadDir(filepath.Join(root, prefix))
	check(err)
	for _, entry := range entries {
		name := path.Join(prefix, entry.Name())
		info, err := os.Stat(filepath.Join(root, name))
		check(err)
		if info.IsDir() {
			walk(root, name, found)
			continue
		}
		found[name], err = os.ReadFile(filepath.Join(root, name))
		check(err)
	}
}

func main() {
	if len(os.Args) < 4 {
		check(errors.New("render CHART RELEASE NAMESPACE [VALUES.yaml...]"))
	}
	chart, release, namespace := os.Args[1], os.Args[2], os.Args[3]
	all := files{}
	walk(chart, "", all)
	values := read(filepath.Join(chart, "values.yaml"))
	for _, file := range os.Args[4:] {
		merge(values, read(file))
	}
	about := read(filepath.Join(chart, "Chart.yaml"))
	metadata := map[string]interface{}{}
	for key, value := range about {
		metadata[strings.ToUpper(key[:1])+key[1:]] = value
	}
	rest := files{}
	for name, content := range all {
		if !strings.HasPrefix(name, "templates/") {
			rest[name] = content
		}
	}
	top := map[string]interface{}{
		"Values":       values,
		"Chart":        metadata,
		"Files":        rest,
		"Release":      map[string]interface{}{"Name": release, "Namespace": namespace, "Service": "Helm", "IsInstall": true, "IsUpgrade": false, "Revision": 1},
		"Capabilities": map[string]interface{}{"KubeVersion": map[string]interface{}{"Version": "v1.30.0", "Major": "1", "Minor": "30"}},
	}

	root := template.New("chart").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["fromYaml"] = func(text string) (map[string]interface{}, error) {
		value := map[string]interface{}{}
		err := yaml.Unmarshal([]byte(text), &value)
		return value, err
	}
	functions["toJson"] = func(value interface{}) (string, error) {
		text, err := json.Marshal(value)
		return string(text), err
	}
	functions["required"] = func(message string, value interface{}) (interface{}, error) {
		if text, isText := value.(string); value == nil || isText && text == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	functions["fail"] = func(message string) (string, error) { return "", errors.New(message) }
	known := map[string]interface{}{}
	if file := os.Getenv("CLUSTER"); file != "" {
		known = read(file)
	}
	functions["lookup"] = func(version, kind, namespace, name string) map[string]interface{} {
		if found, isThere := known[name].(map[string]interface{}); isThere && version == "v1" && kind == "Secret" {
			return found
		}
		return map[string]interface{}{}
	}
	functions["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	root.Funcs(functions)

	names := []string{}
	for name, content := range all {
		if strings.HasPrefix(name, "templates/") {
			_, err := root.New(name).Parse(string(content))
			check(err)
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		var text bytes.Buffer
		check(root.ExecuteTemplate(&text, name, top))
		// As helm does it: what it tells people is no object.
		if path.Base(name) == "NOTES.txt" {
			fmt.Fprint(os.Stderr, text.String())
			continue
		}
		fmt.Printf("---\n# Source: %s/%s\n%s\n", metadata["Name"], name, strings.ReplaceAll(text.String(), "<no value>", ""))
	}
}
