// Package browser drives a real Chromium the way a person does: it finds things by the words on them, clicks where they
// are, types, and looks.
//
// It owns the browser process, one for all tests of a package (see Main), and an isolated set of cookies for each
// Browser. Everything waits for a condition, never for a time. A page that breaks its own Content-Security-Policy or
// throws an exception fails its test. It must not know what Sallyport's pages say. Begin with New and Page; the protocol
// itself is kept in chromium.go.
package browser
