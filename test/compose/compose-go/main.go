// Reads a JSON object {"variables": {...}, "templates": [...], "envLines": [...]} and answers with what Compose's own
// code makes of each.
package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/sirupsen/logrus"
)

type question struct {
	Variables map[string]string `json:"variables"`
	Templates []string          `json:"templates"`
	// What stands behind NAME= in a .env file, each in a file of its own.
	EnvLines []string `json:"envLines"`
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
	for _, line := range asked.EnvLines {
		answers = append(answers, throughEnvFile(line))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}

// What a container gets from ${NAME} where .env has NAME=line.
func throughEnvFile(line string) answer {
	unset := func(string) (string, bool) { return "", false }
	variables, err := dotenv.ParseWithLookup(strings.NewReader("NAME="+line+"\nNEXT=next\n"), unset)
	if err != nil {
		return answer{Fault: err.Error()}
	}
	if variables["NEXT"] != "next" {
		return answer{Fault: "it swallows the next line"}
	}
	text, err := template.Substitute("${NAME:?unset}", func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	})
	if err != nil {
		return answer{Fault: err.Error()}
	}
	return answer{Text: text}
}
