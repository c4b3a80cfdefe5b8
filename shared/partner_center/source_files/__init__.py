"""Reading Microsoft's billing files: any container, either header generation, exactly, and without growing memory.

``reading.read_file`` is the way in. ``columns`` knows the four families and their columns, ``containers`` opens gzip,
zip and plain files, ``values`` turns delivered text into exact values, ``mapping`` makes source lines.
"""
