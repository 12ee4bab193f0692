from .destination import (
    LOCAL as LOCAL,
    Destination as Destination,
    chosen as chosen,
)
