namespace Parcae.Grains;

/// <summary>How a job's document is written.</summary>
public enum JobSpecFormat
{
    /// <summary>JSON (RFC 8259), without comments.</summary>
    Json,

    /// <summary>YAML 1.2, one document, without anchors and tags.</summary>
    Yaml,
}
