// Package moveinternalimages is the function move-internal-images: images in
// the internal registry of one OpenShift cluster are named in that of another.
//
// [Config] says which registries; without it annotations and the context of
// the run do, as README.md explains.
package moveinternalimages
