package server

// restoreEdits run the actions over all that a restore selected, before it
// creates the first object.
func restoreEdits() []Edit {
	return nil
}
