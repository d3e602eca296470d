// Package control is the face for people with a shell on the host: operations in JSON over the socket in the data
// folder, and in the same form inside a command's own process while no server runs.
//
// It owns the socket, who may speak through it (the folder's owner and root, told by the kernel) and the form of each
// operation. That person is the actor of what he does. It must not know the store, nor what a command prints.
// Begin with face.go (the operations), then socket.go and client.go.
package control
