"""What a job reads: a module for each format of files, and one for each kind of samples."""
