#!/bin/sh
# Fails when the text $1 occurs in an object.
list=$(cat)
case $list in
*"$1"*)
	echo "found $1" >&2
	exit 1
	;;
esac
printf '%s\n' "$list"
