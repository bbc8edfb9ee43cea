using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Parcae.Grains.Security;

/// <summary>
/// What all silos of a service are given and nobody else has: the secrets by which workers of a job know each other are derived from it, so that no grain's state, message, log or trace holds one.
/// </summary>
public sealed class ServiceSecret
{
    /// <summary>The least length of a secret, characters.</summary>
    public const int LeastLength = 32;

    private readonly byte[] _key;

    private ServiceSecret(string text, bool isPublic) => (_key, IsPublic) = (SHA256.HashData(Encoding.UTF8.GetBytes(text)), isPublic);

    /// <summary>A secret that is none: for services whose data planes this machine alone reaches.</summary>
    public static ServiceSecret ThisMachine { get; } = new("parcae", true);

    /// <summary>Whether everybody knows it.</summary>
    public bool IsPublic { get; }

    /// <summary>Takes a secret from its text, without white space around it.</summary>
    /// <param name="text">At least <see cref="LeastLength"/> characters, as <c>openssl rand -base64 32</c> gives them.</param>
    /// <returns>The secret.</returns>
    /// <exception cref="ArgumentException">It is too short.</exception>
    public static ServiceSecret Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = text.Trim();
        return text.Length >= LeastLength
            ? new ServiceSecret(text, false)
            : throw new ArgumentException($"a secret of {text.Length} characters is too short; it must have at least {LeastLength}, as 'openssl rand -base64 32' gives them", nameof(text));
    }

    /// <summary>Reads a secret from a file.</summary>
    /// <param name="file">The file; its rights should keep others from reading it.</param>
    /// <returns>The secret.</returns>
    /// <exception cref="InvalidDataException">The file cannot be read, or holds too little; the message names it.</exception>
    public static ServiceSecret Read(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        string text = FileProblems.Read(file);
        try
        {
            return Of(text);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException(FileProblems.Describe(file, e), e);
        }
    }

    /// <summary>Whether a data plane may be reached at an address: with a secret that everybody knows, only from the same machine.</summary>
    /// <param name="host">Name or address.</param>
    public bool Allows(string host) => !IsPublic || string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>A job's own secret, 32 bytes.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="salt">Random bytes that were drawn when it was submitted, so that two jobs of one name have two secrets.</param>
    /// <returns>HMAC-SHA256 under the service's secret.</returns>
    public byte[] OfJob(string jobId, ReadOnlySpan<byte> salt)
    {
        ArgumentNullException.ThrowIfNull(jobId);
        byte[] id = Encoding.UTF8.GetBytes(jobId);
        // The length first: no two pairs give the same bytes.
        var said = new byte[4 + id.Length + salt.Length];
        BinaryPrimitives.WriteInt32LittleEndian(said, id.Length);
        id.CopyTo(said, 4);
        salt.CopyTo(said.AsSpan(4 + id.Length));
        return HMACSHA256.HashData(_key, said);
    }

    /// <summary>Does not tell it.</summary>
    /// <returns>Whether there is one.</returns>
    public override string ToString() => IsPublic ? "this machine alone" : "a secret";
}
