namespace Parcae.Liveput;

/// <summary>Files that are part of the assembly.</summary>
internal static class EmbeddedFile
{
    /// <summary>The content of one.</summary>
    public static byte[] Read(string name)
    {
        using var stream = typeof(EmbeddedFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly was built without its resource {name}.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
