// VCenterModel
