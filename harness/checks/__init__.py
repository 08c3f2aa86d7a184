"""What a result has to pass before it counts; one module for each thing that is guarded."""
