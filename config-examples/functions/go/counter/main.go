// A reactor that shows what a request finds: the runtime boots once, when the module is prepared, and every request starts
// from the state captured then.
package main

import (
	"crypto/rand"
	"encoding/hex"

	"gojinn.example/envelope"
)

var (
	initialized int
	requests    int
	boot        string
)

func init() {
	initialized++
	id := make([]byte, 8)
	_, err := rand.Read(id)
	envelope.Must(err)
	boot = hex.EncodeToString(id)
}

//go:wasmexport gojinn_handle
func handle() {
	requests++
	_, err := envelope.Read()
	envelope.Must(err)
	envelope.Must(envelope.Write(200, map[string]any{
		"boot":        boot,
		"initialized": initialized,
		"requests":    requests,
	}))
}

func main() {}
