"""What operators see: ids, log lines, figures, the doctor, patient migrations."""
