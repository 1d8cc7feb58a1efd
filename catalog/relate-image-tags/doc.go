// Package relateimagetags is the function relate-image-tags: it notes on
// backup which ImageStreamTag another one was made from.
//
// Its config is none. It must see the whole list. What counts as related is in
// README.md.
package relateimagetags
