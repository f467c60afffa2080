"""The layers, one idea a file; `normax.nn` lists them all."""
