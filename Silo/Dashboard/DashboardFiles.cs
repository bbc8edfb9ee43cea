using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Parcae.Silo.Dashboard;

/// <summary>The files of the page, which are part of this assembly: nothing has to lie beside it.</summary>
internal sealed class DashboardFiles
{
    private const string Prefix = "dashboard/";

    private readonly Dictionary<string, DashboardFile> _files = new(StringComparer.Ordinal);

    public DashboardFiles()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var types = new FileExtensionContentTypeProvider();
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            string type = types.TryGetContentType(name, out string? known) ? known : "application/octet-stream";
            if (type.StartsWith("text/", StringComparison.Ordinal)) type += "; charset=utf-8";
            _files[name[Prefix.Length..]] = new DashboardFile(content, type, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..20]}\""));
        }
    }

    /// <summary>A file by its path, or null.</summary>
    public DashboardFile? Find(string path) => _files.GetValueOrDefault(path);
}

/// <summary>A file of the page.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Tag">Another one for other bytes.</param>
internal sealed record DashboardFile(byte[] Content, string Type, EntityTagHeaderValue Tag);
