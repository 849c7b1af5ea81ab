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
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return Request{}, err
	}
	return parse(text)
}

// Write answers with a value as JSON.
func Write(status int, value any) error {
	return write(os.Stdout, status, value)
}

// Rehearse answers a request that nobody sent. Called from init of a reactor, it does before any request what happens
// once in a process, such as what encoding/json finds out about types, and every request starts from there.
func Rehearse(answer func(Request) any) {
	request, err := parse([]byte(`{"version":1,"method":"GET","path":"/","query":{"k":["v"]},"headers":{"Host":["localhost"]},` +
		`"body":"","trace_id":"0","tenant":null}`))
	Must(err)
	Must(write(io.Discard, 200, answer(request)))
}

func parse(text []byte) (Request, error) {
	var request Request
	return request, json.Unmarshal(text, &request)
}

func write(to io.Writer, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	headers := map[string][]string{"Content-Type": {"application/json"}}
	return json.NewEncoder(to).Encode(response{status, headers, string(body)})
}

// Must ends the function with an exit code when something failed; the message goes to the log.
func Must(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
