"""The file of proof: what was shown, who agreed to it and how, sealed so that anybody can check it without us."""
