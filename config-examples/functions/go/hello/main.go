// A command that says what it was asked.
package main

import "gojinn.example/envelope"

func main() {
	request, err := envelope.Read()
	envelope.Must(err)
	envelope.Must(envelope.Write(200, answer(request)))
}

func answer(request envelope.Request) any {
	return map[string]any{
		"language": "Go",
		"method":   request.Method,
		"path":     request.Path,
		"query":    request.Query,
		"headers":  len(request.Headers),
		"trace_id": request.TraceID,
	}
}
