using System.Buffers.Binary;
using System.Text;

namespace Parcae.GpuWorker.Native;

/// <summary>
/// The dynamic symbols of a 64-bit little-endian ELF library and the versions they are bound to: as much of the format as it takes to see
/// which symbol versions a library asks for, and to bind one symbol differently. Edits the bytes in place; nothing is moved or resized.
/// </summary>
internal sealed class ElfSymbols
{
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const ushort VersionMask = 0x7fff; // the top bit says "hidden"

    private readonly byte[] _image;
    private readonly Dictionary<string, (int Offset, int Size)> _sections = new(StringComparer.Ordinal);

    /// <summary>Reads the section table of <paramref name="image"/>, which is edited by the other members.</summary>
    /// <exception cref="BadImageFormatException">It is not a 64-bit little-endian ELF file, or has no dynamic symbols with versions.</exception>
    public ElfSymbols(byte[] image)
    {
        _image = image;
        if (image.Length < 64 || !image.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
            throw new BadImageFormatException("It is not a 64-bit little-endian ELF file.");
        int table = Int64(0x28), count = UInt16(0x3c), names = Int64(table + SectionHeaderSize * UInt16(0x3e) + 24);
        for (int i = 0; i < count; i++)
        {
            int header = table + SectionHeaderSize * i;
            _sections[Text(names + Int32(header))] = (Int64(header + 24), Int64(header + 32));
        }
    }

    /// <summary>A version of another library's symbols that this one asks for.</summary>
    /// <param name="Name">Such as <c>GLIBCXX_3.4</c>.</param>
    /// <param name="Index">What symbols refer to it by.</param>
    /// <param name="Entry">Offset of its entry in the file.</param>
    public readonly record struct NeededVersion(string Name, ushort Index, int Entry);

    /// <summary>A dynamic symbol.</summary>
    /// <param name="Name">Its mangled name.</param>
    /// <param name="VersionIndex">The version it is bound to, see <see cref="NeededVersion.Index"/>; 0 and 1: none.</param>
    /// <param name="NameOffset">Offset of its name in the file.</param>
    /// <param name="VersionOffset">Offset of its version index in the file.</param>
    public readonly record struct Symbol(string Name, ushort VersionIndex, int NameOffset, int VersionOffset);

    /// <summary>The versions asked for (<c>.gnu.version_r</c>).</summary>
    public IEnumerable<NeededVersion> NeededVersions()
    {
        int strings = Section(".dynstr").Offset;
        for (int library = Section(".gnu.version_r").Offset; ; library += Int32(library + 12))
        {
            int entry = library + Int32(library + 8);
            for (int left = UInt16(library + 2); left > 0; left--, entry += Int32(entry + 12))
                yield return new(Text(strings + Int32(entry + 8)), UInt16(entry + 6), entry);
            if (Int32(library + 12) == 0) yield break;
        }
    }

    /// <summary>The dynamic symbols (<c>.dynsym</c>).</summary>
    public IEnumerable<Symbol> Symbols()
    {
        var (symbols, size) = Section(".dynsym");
        int strings = Section(".dynstr").Offset, versions = Section(".gnu.version").Offset;
        for (int i = 0; i < size / SymbolSize; i++)
        {
            int name = strings + Int32(symbols + SymbolSize * i), version = versions + 2 * i;
            yield return new(Text(name), (ushort)(UInt16(version) & VersionMask), name, version);
        }
    }

    /// <summary>Gives a symbol another name, no longer than its own, and binds it to another version.</summary>
    public void Rebind(Symbol symbol, string name, NeededVersion version)
    {
        if (name.Length > symbol.Name.Length) throw new ArgumentException($"'{name}' is longer than '{symbol.Name}'.", nameof(name));
        var room = _image.AsSpan(symbol.NameOffset, symbol.Name.Length);
        room.Clear();
        Encoding.ASCII.GetBytes(name, room);
        BinaryPrimitives.WriteUInt16LittleEndian(_image.AsSpan(symbol.VersionOffset), version.Index);
    }

    /// <summary>Makes the entry of one version ask for another one instead: the same hash and the same name, under its own index.</summary>
    public void AskInstead(NeededVersion version, NeededVersion instead)
    {
        _image.AsSpan(instead.Entry, 4).CopyTo(_image.AsSpan(version.Entry, 4));
        _image.AsSpan(instead.Entry + 8, 4).CopyTo(_image.AsSpan(version.Entry + 8, 4));
    }

    private (int Offset, int Size) Section(string name) =>
        _sections.TryGetValue(name, out var section) ? section : throw new BadImageFormatException($"It has no section {name}.");

    private ReadOnlySpan<byte> At(int offset, int size) => offset >= 0 && offset <= _image.Length - size
        ? _image.AsSpan(offset, size)
        : throw new BadImageFormatException($"It points to byte {offset}, outside its {_image.Length} bytes.");

    private ushort UInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(At(offset, 2));

    private int Int32(int offset) => BinaryPrimitives.ReadInt32LittleEndian(At(offset, 4));

    // No library of interest comes near 2 GB, and int offsets index arrays.
    private int Int64(int offset) => BinaryPrimitives.ReadInt64LittleEndian(At(offset, 8)) is >= 0 and <= int.MaxValue and var value
        ? (int)value
        : throw new BadImageFormatException($"The number at byte {offset} is out of range.");

    private string Text(int offset)
    {
        _ = At(offset, 1);
        var rest = _image.AsSpan(offset);
        int end = rest.IndexOf((byte)0);
        return end >= 0 ? Encoding.ASCII.GetString(rest[..end]) : throw new BadImageFormatException($"The text at byte {offset} has no end.");
    }
}
