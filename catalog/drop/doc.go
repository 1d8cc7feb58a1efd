// Package drop is the function drop: it takes objects out of the list, so that
// they are not backed up or not restored.
//
// [Config] says which. A pipeline must allow its step to delete.
package drop
