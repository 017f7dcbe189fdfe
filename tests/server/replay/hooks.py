"""For Schemathesis: a binary file is a photograph here, which a description cannot say."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st
from photographs import FORMATS, photograph

schemathesis.openapi.format(
    "binary",
    st.builds(
        photograph,
        st.sampled_from(("RGB", "L")),
        st.integers(0, 255),
        st.integers(8, 64),
        st.integers(8, 64),
        st.sampled_from(FORMATS),
    ),
)
