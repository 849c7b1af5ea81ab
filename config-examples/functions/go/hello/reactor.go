//go:build reactor

// The same program as a reactor: the runtime boots once, when the module is prepared. Build it with -tags reactor
// -buildmode=c-shared.
package main

//go:wasmexport gojinn_handle
func handle() {
	main()
}
