#!/bin/sh
# Replaces the text $1 by $2 in all objects it is given.
exec sed "s/$1/$2/g"
