namespace Parcae.Grains.Security;

/// <summary>Files that settings name and that cannot be used, in words.</summary>
internal static class FileProblems
{
    /// <summary>Whether a problem is that of a file, and not of this program.</summary>
    public static bool IsOne(Exception e) => e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException or ArgumentException;

    /// <summary>The file and what is wrong with it.</summary>
    public static string Describe(string file, Exception e) => $"{file}: {(e is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : e.Message.Split(" (Parameter", 2)[0])}";

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (IsOne(e))
        {
            throw new InvalidDataException(Describe(file, e), e);
        }
    }
}
