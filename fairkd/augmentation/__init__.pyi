from .gender_swap import swapper as swapper
