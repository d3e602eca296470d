// Package dial opens the connections that leave the house: it refuses addresses inside private and special networks
// at the moment of dialling, whatever spelling, name or redirect led there.
//
// It owns the list of refused ranges and the HTTP client that gateways speak through. It must not know what is sent
// or which gateway sends it. Proxy environment variables are ignored, redirects are not followed, an answer is read
// to 64 KiB. Begin with Dialer in dial.go; client.go is the HTTP client.
package dial
