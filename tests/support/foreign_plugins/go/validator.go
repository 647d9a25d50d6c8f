// A validator in Go: it refuses devices that were stolen and says who let the others in. plugin.c is its other half.
// `settings: { panic: true }` makes each call panic, which must not cross the line.
package main

// #cgo CFLAGS: -std=c11 -Wall -Wextra
// #include "connector.h"
import "C"

import (
	"crypto/x509"
	"encoding/json"
	"runtime/cgo"
	"unsafe"
)

type connector struct {
	Stolen []string `json:"stolen"`
	Panic  bool     `json:"panic"`
}

// view lends Go's bytes to C for one call.
func view(text []byte) C.certspan_string_view {
	if len(text) == 0 {
		return C.certspan_string_view{}
	}
	return C.certspan_string_view{data: (*C.char)(unsafe.Pointer(&text[0])), size: C.uint64_t(len(text))}
}

func refuse(sink *C.certspan_answer_sink, outcome C.certspan_outcome, code, message string) {
	C.connector_refuse(sink, outcome, view([]byte(code)), view([]byte(message)))
}

func read(settings C.certspan_string_view) (*connector, error) {
	text := C.GoBytes(unsafe.Pointer(settings.data), C.int(settings.size))
	read := &connector{}
	return read, json.Unmarshal(text, read)
}

//export goCheckSettings
func goCheckSettings(settings C.certspan_string_view, faults *C.certspan_fault_sink) C.certspan_outcome {
	if _, err := read(settings); err != nil {
		C.connector_fault(faults, view([]byte(err.Error())))
		return C.CERTSPAN_INVALID
	}
	return C.CERTSPAN_OK
}

// goCreate gives 0 for settings that it can't read.
//
//export goCreate
func goCreate(settings C.certspan_string_view, faults *C.certspan_fault_sink) C.uintptr_t {
	made, err := read(settings)
	if err != nil {
		C.connector_fault(faults, view([]byte(err.Error())))
		return 0
	}
	return C.uintptr_t(cgo.NewHandle(made))
}

//export goDestroy
func goDestroy(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
}

//export goValidate
func goValidate(handle C.uintptr_t, request C.certspan_bytes_view, sink *C.certspan_answer_sink) {
	defer func() {
		if fault := recover(); fault != nil {
			refuse(sink, C.CERTSPAN_INTERNAL, "golang.panic", "")
		}
	}()
	self := cgo.Handle(handle).Value().(*connector)
	if self.Panic {
		panic("the settings say so")
	}
	asked, err := x509.ParseCertificateRequest(C.GoBytes(unsafe.Pointer(request.data), C.int(request.size)))
	if err != nil {
		refuse(sink, C.CERTSPAN_INVALID, "golang.request", "the request can't be read: "+err.Error())
		return
	}
	for _, name := range self.Stolen {
		if asked.Subject.CommonName == name {
			refuse(sink, C.CERTSPAN_REJECTED, "golang.stolen", "the device "+name+" was stolen")
			return
		}
	}
	C.connector_accept(sink, view([]byte("asked-go")))
}

func main() {}
