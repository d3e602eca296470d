// Package config is what an operator decides outside of the database: addresses, TLS, keys, proxies, allowed networks.
//
// It owns the keys of the configuration file, their defaults, where each value came from, and which combinations are
// refused before anything is opened. The contract's numbers, gateways and the organisation's name are not here: they
// live in the database. It must not know what any value is used for. Only internal/app and cmd/sallyport import it.
// Begin with Config in config.go, then validate.go.
package config
