"""normax"""
