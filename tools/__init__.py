"""Scripts for whoever maintains FairKD; none of them is a part of the installed package."""
