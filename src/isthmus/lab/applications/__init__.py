"""Sample applications that sign people in as any application does: nothing but the authority names Isthmus."""
