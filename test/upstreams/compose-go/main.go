// Reads a JSON object {"variables": {...}, "templates": [...]} and answers with what Compose's own code makes of each.
package main

import (
	"encoding/json"
	"io"
	"os"

	"github.com/compose-spec/compose-go/v2/template"
	"github.com/sirupsen/logrus"
)

type question struct {
	Variables map[string]string `json:"variables"`
	Templates []string          `json:"templates"`
}

type answer struct {
	Text  string `json:"text"`
	Fault string `json:"fault,omitempty"`
}

func main() {
	logrus.SetOutput(io.Discard)
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	lookup := func(name string) (string, bool) {
		value, ok := asked.Variables[name]
		return value, ok
	}
	answers := make([]answer, 0, len(asked.Templates))
	for _, text := range asked.Templates {
		substituted, err := template.Substitute(text, lookup)
		if err != nil {
			answers = append(answers, answer{Fault: err.Error()})
			continue
		}
		answers = append(answers, answer{Text: substituted})
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
