//go:build reactor

// The same program as a reactor: the runtime boots and the answer is rehearsed once, when the module is prepared. Build it
// with -tags reactor -buildmode=c-shared.
package main

import "gojinn.example/envelope"

func init() {
	envelope.Rehearse(answer)
}

//go:wasmexport gojinn_handle
func handle() {
	main()
}
