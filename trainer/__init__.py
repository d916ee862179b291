"""From handwriting to a released model version: data, training, calibration, export."""
