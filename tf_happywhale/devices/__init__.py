"""The devices that compute: one or several, of one machine or of several."""
