// Package envelope reads the request and writes the response of the function contract.
package envelope

import (
	"encoding/json"
	"io"
	"os"
)

// Request is what the function is told; only the fields these examples use.
type Request struct {
	Method  string              `json:"method"`
	Path    string              `json:"path"`
	Query   map[string][]string `json:"query"`
	Headers map[string][]string `json:"headers"`
	TraceID string              `json:"trace_id"`
}

type response struct {
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body"`
}

// Read takes the whole envelope from stdin.
func Read() (Request, error) {
	var request Request
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return request, err
	}
	return request, json.Unmarshal(text, &request)
}

// Write answers with a value as JSON.
func Write(status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	headers := map[string][]string{"Content-Type": {"application/json"}}
	return json.NewEncoder(os.Stdout).Encode(response{status, headers, string(body)})
}

// Must ends the function with an exit code when something failed; the message goes to the log.
func Must(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
